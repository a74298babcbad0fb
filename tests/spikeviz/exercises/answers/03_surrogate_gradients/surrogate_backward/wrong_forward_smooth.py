# hint: Your `forward` gives values between 0 and 1
class MyAtan(torch.autograd.Function):
    """The step Θ(u) forward, the slope of the Atan backward."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return torch.atan(torch.pi * u) / torch.pi + 0.5

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        alpha = 2.0
        slope = (alpha / 2) / (1 + (torch.pi * alpha * u / 2) ** 2)
        return grad_output * slope
