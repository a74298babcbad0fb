# hint: Your bias is scaled as the weight
def normalise(weight, bias, before, after):
    scale = before / after
    return weight * scale, bias * scale
