# hint: Your bias is divided by `before`
def normalise(weight, bias, before, after):
    return weight * before / after, bias / before
