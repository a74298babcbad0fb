# fact: You multiply the weight by both
def normalise(weight, bias, before, after):
    return weight * before * after, bias * after
