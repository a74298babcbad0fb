# hint: The names are
def normalise(weight, bias, before, after):
    return weight * biggest / after, bias / after
