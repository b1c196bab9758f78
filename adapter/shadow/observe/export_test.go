package observe

// Met is how many pods a Learner remembers.
func Met(l *Learner) int { return len(l.met) }
