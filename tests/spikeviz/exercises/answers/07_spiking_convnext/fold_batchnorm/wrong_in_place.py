# hint: that it was given
def fold_batchnorm(weight, bias, norm):
    """The weight and the bias of one convolution that does the work of both."""
    if bias is None:
        bias = 0
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight *= scale[:, None, None, None].detach()
    new_bias = (bias - norm.running_mean) * scale + norm.bias
    return weight, new_bias
