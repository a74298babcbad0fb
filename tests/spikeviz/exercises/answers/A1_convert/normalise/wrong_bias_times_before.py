# hint: Your bias is multiplied by `before`
def normalise(weight, bias, before, after):
    return weight * before / after, bias * before
