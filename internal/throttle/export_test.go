package throttle

// Len is how many keys a Local has numbers for.
func (l *Local) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.due)
}

// MaxKeys is how many it may have, those that are shared among them.
const MaxKeys = maxKeys + overflow
