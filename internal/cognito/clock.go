package cognito

import (
	"sync/atomic"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// skewNoticed is the least clock difference worth correcting: the Date header has whole seconds, and an answer takes
// its time.
const skewNoticed = 5 * time.Second

// Clock is the pool's clock, as far as the Date headers of its answers have told. Codes and expiries are judged by the
// pool, so its clock is the one that counts. It is safe for concurrent use.
type Clock struct {
	own   func() time.Time
	ahead atomic.Int64 // nanoseconds by which the pool's clock is ahead of ours
}

// NewClock makes a Clock that says what ours says, until it learns better.
func NewClock(own func() time.Time) *Clock { return &Clock{own: own} }

// Now is the time by the pool's clock.
func (c *Clock) Now() time.Time { return c.own().Add(time.Duration(c.ahead.Load())) }

// observe learns from an answer.
func (c *Clock) observe(metadata middleware.Metadata) {
	served, ok := awsmiddleware.GetServerTime(metadata)
	if !ok {
		return
	}
	skew := served.Sub(c.own())
	if skew.Abs() < skewNoticed {
		skew = 0
	}
	c.ahead.Store(int64(skew))
}
