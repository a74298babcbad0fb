# hint: the weight comes first, then the bias
def normalise(weight, bias, before, after):
    return bias / after, weight * before / after
