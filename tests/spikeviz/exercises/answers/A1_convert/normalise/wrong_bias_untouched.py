# hint: Your bias is the old one
def normalise(weight, bias, before, after):
    return weight * before / after, bias
