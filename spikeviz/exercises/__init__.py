"""Automatic checks of the course's exercises: a hint about your own answer, never the solution.

from spikeviz.exercises import check_lif_step
check_lif_step(lif_step)
"""

from spikeviz.exercises.answer import Feedback
from spikeviz.exercises.back_through_time import check_back_through_time
from spikeviz.exercises.bdsa import check_bdsa
from spikeviz.exercises.bin_events import check_bin_events
from spikeviz.exercises.block_parameters import check_block_parameters
from spikeviz.exercises.break_even_rate import check_break_even_rate
from spikeviz.exercises.cells import watch
from spikeviz.exercises.choose_thresholds import check_choose_thresholds
from spikeviz.exercises.fair_comparison import check_fair_comparison
from spikeviz.exercises.fold_batchnorm import check_fold_batchnorm
from spikeviz.exercises.grid_partition import check_grid_partition
from spikeviz.exercises.learned_leak import check_learned_leak
from spikeviz.exercises.lif_step import check_lif_step
from spikeviz.exercises.normalise import check_normalise
from spikeviz.exercises.recipe_faults import check_recipe_faults
from spikeviz.exercises.reconstruct import check_reconstruct
from spikeviz.exercises.residual_lif import check_residual_lif
from spikeviz.exercises.surrogate_backward import check_surrogate_backward

__all__ = [
    "Feedback", "check_back_through_time", "check_bdsa", "check_bin_events",
    "check_block_parameters", "check_break_even_rate", "check_choose_thresholds",
    "check_fair_comparison", "check_fold_batchnorm", "check_grid_partition", "check_learned_leak",
    "check_lif_step", "check_normalise", "check_recipe_faults", "check_reconstruct",
    "check_residual_lif", "check_surrogate_backward",
]  # fmt: skip

watch()
