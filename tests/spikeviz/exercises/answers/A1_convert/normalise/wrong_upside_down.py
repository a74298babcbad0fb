# hint: scaled the wrong way round
def normalise(weight, bias, before, after):
    return weight * after / before, bias / after
