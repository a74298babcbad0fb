# hint: Two tensors are needed
def fold_batchnorm(weight, bias, norm):
    """The weight and the bias of one convolution that does the work of both."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    new_weight = weight * scale[:, None, None, None]
    return new_weight
