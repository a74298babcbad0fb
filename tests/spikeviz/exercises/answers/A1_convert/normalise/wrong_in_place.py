# hint: changes the tensors that it was given
def normalise(weight, bias, before, after):
    weight *= before / after
    bias /= after
    return weight, bias
