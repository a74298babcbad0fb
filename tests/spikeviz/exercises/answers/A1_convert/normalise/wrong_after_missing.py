# fact: `after` is missing from your weight
def normalise(weight, bias, before, after):
    return weight * before, bias
