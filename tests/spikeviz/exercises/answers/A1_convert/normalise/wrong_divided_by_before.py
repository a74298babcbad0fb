# hint: Your weight is divided by `before`
def normalise(weight, bias, before, after):
    return weight / before, bias / before
