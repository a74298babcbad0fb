// Ten experiments: a question, then two networks that are trained alike but for one thing.
//
// settings: what is tried; against: what it is compared with; both are changes of BASE. `says` puts
// into words what compare() found: {tried, against}, two of the trainer's evaluations.

import { makeTrainer } from "./training.js";

export const BASE = {
  data: "circles", noise: 0.1, share: 0.5, points: [], coding: "constant",
  thresholds: [[0.5], [0.5]], layers: [4, 4], own: {}, silent: [], tau: 2, v_reset: 0,
  time_steps: 8, surrogate: "atan", alpha: 2, learning_rate: 0.05, batch: 32, optimizer: "adamw",
  spiking: true, seed: 0,
};

const percent = ({ train }) => `${Math.round(100 * train.accuracy)} %`;
const right = (tried, against) => ({ tried: a, against: b }) =>
  `Training points that are right: ${percent(a)} ${tried}, ${percent(b)} ${against}.`;

const LADDER = [0.25, 0.5, 0.75, 1];
const CLOUDS = { data: "gaussians", noise: 0.3, time_steps: 1, layers: [1] };
const SPIRAL = { data: "spiral", noise: 0.03 };

export const EXPERIMENTS = [
  {
    id: "off", title: "Without a surrogate", steps: 300,
    question: "The derivative of a spike is 0 almost everywhere. What learns without a surrogate?",
    choices: ["All layers, only slower", "The last layer only", "Nothing at all"], right: 1,
    settings: { surrogate: "off" }, against: {},
    answer: "No gradient passes a neuron, so the hidden layers stay as they were drawn. The last " +
      "layer, which has no neuron behind it, still learns from their spikes, if there are any.",
    says: right("without a surrogate", "with one"),
    more: "Choose Atan again while it trains: the hidden layers begin to move.",
  },
  {
    id: "steep", title: "A surrogate as steep as the step", steps: 300,
    question: "A larger α makes the surrogate more like the true step. What does α = 100 do?",
    choices: ["It learns better: the gradient is closer to the truth", "It makes no difference",
      "It learns worse"], right: 2,
    settings: { surrogate: "sigmoid", alpha: 100 }, against: { surrogate: "sigmoid", alpha: 4 },
    answer: "The slope is high but narrow. A neuron whose membrane is not close to its threshold " +
      "gets almost no gradient.",
    says: right("with α = 100", "with α = 4"),
    more: "Choose Atan: its slope falls slowly, so it bears a larger α than Sigmoid.",
  },
  {
    id: "memory", title: "A neuron that forgets", steps: 300,
    question: "With τ = 1 and the same current at each step: what do 8 steps give beyond 1?",
    choices: ["A finer rate, so a lower loss", "Nothing", "A higher loss"], right: 1,
    settings: { tau: 1, time_steps: 8 }, against: { tau: 1, time_steps: 1 },
    answer: "With τ = 1 the membrane is the current alone, H[t] = X[t]. After a hard reset " +
      "nothing stays from step to step, so each step says the same. Only the additions grow.",
    says: ({ tried, against }) => `Loss: ${tried.train.loss.toFixed(6)} with 8 steps, ` +
      `${against.train.loss.toFixed(6)} with 1. Additions: ${tried.additions.toFixed(1)} and ` +
      `${against.additions.toFixed(1)} a point.`,
    more: "Choose the soft reset: what is above the threshold is then left for the next step.",
  },
  {
    id: "threshold", title: "Thresholds out of reach", steps: 300,
    question: "V_th = 4, but no current comes near it; the surrogate is Sigmoid. What happens?",
    choices: ["The weights grow until the neurons fire", "All neurons stay dead",
      "Neurons fire later, but they learn"], right: 1,
    settings: { surrogate: "sigmoid", alpha: 4, thresholds: [[4], [4]] },
    against: { surrogate: "sigmoid", alpha: 4 },
    answer: "Far below the threshold Sigmoid's slope is as good as 0: no spike, and no gradient " +
      "that could bring one. A dead layer sends 0, so every point gets the same answer.",
    says: ({ tried, against }) => `Dead neurons: ${tried.dead.length} of 8 with V_th = 4, ` +
      `${against.dead.length} with 0.5. ${right("with 4", "with 0.5")({ tried, against })}`,
    more: "Choose Atan: its long tail wakes some of them up. Then drag one threshold down.",
  },
  {
    id: "mbpl", title: "Four thresholds in one neuron", steps: 300,
    question: "Two clouds overlap. One neuron, one step. What do four thresholds add to it?",
    choices: ["Nothing: it is still one neuron", "Degrees between yes and no",
      "A border that bends"], right: 1,
    settings: { ...CLOUDS, thresholds: [LADDER] }, against: { ...CLOUDS, thresholds: [[0.5]] },
    answer: "It sends 0 to 4 spikes where one LIF sends 0 or 1, so it can be unsure where the " +
      "clouds meet, and the loss falls. The border stays straight: all four see one current.",
    says: ({ tried, against }) => `Loss: ${tried.train.loss.toFixed(3)} with four thresholds, ` +
      `${against.train.loss.toFixed(3)} with one.`,
    more: "Try four LIF neurons: as many spikes, four times as many weights.",
  },
  {
    id: "latency", title: "When, not how often", steps: 300,
    question: "Each input sends one spike, the sooner the larger its value. What if T = 1?",
    choices: ["It works, and costs less", "Nothing can be learned", "It learns more slowly"],
    right: 1,
    settings: { coding: "latency", time_steps: 1 }, against: { coding: "latency", time_steps: 4 },
    answer: "With one step all spikes come in that step, so every point looks the same. The time " +
      "of a spike says something only where there are several to choose from.",
    says: right("with T = 1", "with T = 4"),
    more: "Go on to T = 16: more times to tell apart, but the leak (τ) forgets the first spikes.",
  },
  {
    id: "rate", title: "The noise of rates", steps: 300,
    question: "The inputs are random spikes, of a rate that says x and y. Does T matter?",
    choices: ["No, the rate is the same", "Yes, more steps are less noise",
      "Yes, more steps add up more noise"], right: 1,
    settings: { coding: "rate", time_steps: 2 }, against: { coding: "rate", time_steps: 16 },
    answer: "Two coin tosses say little about a coin; sixteen say more. A point that is close to " +
      "the border still falls on either side by chance.",
    says: right("with T = 2", "with T = 16"),
    more: "Choose constant coding: the currents are exact, and T = 2 is enough.",
  },
  {
    id: "learning", title: "Steps too large", steps: 300,
    question: "A learning rate a hundred times as high: what will the loss do?",
    choices: ["Fall a hundred times as fast", "Jump about and stay high",
      "Become infinite at once"], right: 1,
    settings: { learning_rate: 5 }, against: {},
    answer: "Each step throws the weights across the valley. Spikes are 0 or 1, so the loss does " +
      "not explode, but neurons fall silent for all points or fire for all, and are lost.",
    says: ({ tried, against }) => `${right("with 5", "with 0.05")({ tried, against })} ` +
      `Dead or saturated neurons: ${lost(tried)} and ${lost(against)}.`,
    more: "Lower it now: do the dead neurons come back?",
  },
  {
    id: "spiral", title: "Enough neurons for a spiral", steps: 300,
    question: "Three neurons in one layer, or eight and eight: which of them unroll the spiral?",
    choices: ["Both, if they train long enough", "Only the larger one", "Neither"], right: 1,
    settings: { ...SPIRAL, layers: [8, 8], thresholds: [[0.5], [0.5]] },
    against: { ...SPIRAL, layers: [3], thresholds: [[0.5]] },
    answer: "Each neuron of the first layer cuts the plane along straight lines. Three can " +
      "hardly cut around the arms; eight can, and the second layer puts their pieces together.",
    says: right("with 8 and 8", "with 3"),
    more: "Look at the small maps: straight stripes in the first layer, bent ones in the second.",
  },
  {
    id: "energy", title: "What more time costs", steps: 300,
    question: "T = 16 instead of T = 4, constant currents: what does it buy?",
    choices: ["Four times the additions, hardly any accuracy", "Accuracy, at the same cost",
      "Both: accuracy for additions"], right: 0,
    settings: { time_steps: 16 }, against: { time_steps: 4 },
    answer: "Spikes are additions, and there are T · R of them for each neuron. A step that " +
      "tells nothing new is only paid for.",
    says: ({ tried, against }) => `${right("with T = 16", "with T = 4")({ tried, against })} ` +
      `Additions: ${tried.additions.toFixed(1)} and ${against.additions.toFixed(1)} a point.`,
    more: "Compare with the twin's multiplications: below which T do spikes win?",
  },
];

const lost = ({ dead, saturated }) => dead.length + saturated.length;

/** Both sides of an experiment after its steps. changes: of BASE, for example another seed. */
export function compare({ settings, against, steps }, changes = {}) {
  const found = {};
  for (const [side, own] of Object.entries({ tried: settings, against })) {
    const trainer = makeTrainer({ ...BASE, ...own, ...changes });
    for (let k = 0; k < steps; k++) trainer.step();
    found[side] = trainer.evaluate();
  }
  return found;
}
