# hint: the slope of the step itself
class MyAtan(torch.autograd.Function):
    """The step Θ(u) forward, the slope of the Atan backward."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        alpha = 2.0
        slope = torch.zeros_like(u)
        return grad_output * slope
