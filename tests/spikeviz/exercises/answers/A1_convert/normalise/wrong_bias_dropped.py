# hint: Your bias is 0
def normalise(weight, bias, before, after):
    return weight * before / after, 0 * bias
