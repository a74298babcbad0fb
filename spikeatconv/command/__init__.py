"""What the command line does: `cli` reads its words, `start` and `follow` train, `trained` and
`predict` ask a trained network; `settings`, `estimate` and `logs` are theirs."""
