package throttle

import "slices"

// queue is calls that wait, first come, first served. It is short, and no network may fill more than half of it: whoever
// sends a thousand calls delays the others by half of what anybody waits, and himself altogether. Turns by network are
// the Room's: given here once more they would let everybody from elsewhere pass those who have waited there already.
type queue struct {
	waiting []*waiter
	sites   map[string]int // how many of each network
}

// waiter waits for one call.
type waiter struct {
	site string
	turn chan struct{} // closed when it has come
}

// push adds somebody, unless most may wait and do, or half of them are of his network.
func (q *queue) push(w *waiter, most int) bool {
	if len(q.waiting) >= most || q.sites[w.site] >= max(most/2, 1) {
		return false
	}
	if q.sites == nil {
		q.sites = make(map[string]int)
	}
	q.waiting = append(q.waiting, w)
	q.sites[w.site]++
	return true
}

// pop answers who is next, nil when nobody waits.
func (q *queue) pop() *waiter {
	if len(q.waiting) == 0 {
		return nil
	}
	w := q.waiting[0]
	q.remove(w)
	return w
}

// remove takes somebody out, unless he has had his turn.
func (q *queue) remove(w *waiter) {
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	if q.sites[w.site]--; q.sites[w.site] == 0 {
		delete(q.sites, w.site)
	}
}
