# hint: You divide by the largest weight
def normalise(weight, bias, before, after):
    largest = weight.abs().max()
    return weight / largest, bias / largest
