# hint: Your bias is multiplied by `after`
def normalise(weight, bias, before, after):
    return weight * before / after, bias * after
