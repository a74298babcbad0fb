# hint: knows only two values
class MyAtan(torch.autograd.Function):
    """The step Θ(u) forward, the slope of the Atan backward."""

    @staticmethod
    def forward(ctx, u):
        spike = (u >= 0).to(u.dtype)
        ctx.save_for_backward(spike)
        return spike

    @staticmethod
    def backward(ctx, grad_output):
        (spike,) = ctx.saved_tensors
        alpha = 2.0
        slope = (alpha / 2) / (1 + (torch.pi * alpha * spike / 2) ** 2)
        return grad_output * slope
