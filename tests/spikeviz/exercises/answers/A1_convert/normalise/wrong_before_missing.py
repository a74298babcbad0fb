# hint: `before` is missing from your weight
def normalise(weight, bias, before, after):
    return weight / after, bias / after
