# hint: Your weight is the old one
def normalise(weight, bias, before, after):
    return weight, bias
