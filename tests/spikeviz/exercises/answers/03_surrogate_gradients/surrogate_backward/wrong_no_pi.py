# hint: A π is missing next to u
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
        slope = (alpha / 2) / (1 + (alpha * u / 2) ** 2)
        return grad_output * slope
