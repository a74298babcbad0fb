# fact: It has to keep the shape
def fold_batchnorm(weight, bias, norm):
    """The weight and the bias of one convolution that does the work of both."""
    if bias is None:
        bias = 0
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    new_weight = weight * scale[:, None, None, None]
    new_bias = (bias - norm.running_mean) * scale + norm.bias
    return new_bias, new_weight
