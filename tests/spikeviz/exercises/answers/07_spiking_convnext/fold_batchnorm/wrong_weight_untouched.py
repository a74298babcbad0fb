# hint: Your weight is the convolution's own
def fold_batchnorm(weight, bias, norm):
    """The weight and the bias of one convolution that does the work of both."""
    if bias is None:
        bias = 0
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    new_weight = weight
    new_bias = (bias - norm.running_mean) * scale + norm.bias
    return new_weight, new_bias
