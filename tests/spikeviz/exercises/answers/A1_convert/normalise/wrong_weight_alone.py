# hint: Two tensors are needed
def normalise(weight, bias, before, after):
    return weight * before / after
