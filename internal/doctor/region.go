package doctor

import (
	"fmt"
	"regexp"
)

// regionOfPool finds the region in a pool's id: "eu-central-1" in "eu-central-1_AbCdEf123". Emulators also use other ids.
var regionOfPool = regexp.MustCompile(`^([a-z]+(?:-[a-z]+)*-\d+)_`) //nolint:gochecknoglobals // immutable

// checkRegion compares the region with the pool's id. With another region every call would go to where the pool is
// not, so that there is nothing else to be learned: it reports whether to go on.
func (e *examination) checkRegion() bool {
	match := regionOfPool.FindStringSubmatch(e.UserPoolID)
	switch {
	case match == nil:
		e.unseen("region", fmt.Sprintf("Not checked: the pool's id %s does not begin with a region, as Cognito's do.", e.UserPoolID),
			"If this is a pool in AWS, copy the id from its page in the console to COGNITO_USER_POOL_ID.")
	case match[1] == e.Region:
		e.ok("region", "Region %s is the pool's.", e.Region)
	case e.Endpoint:
		e.found(Advice, "region", fmt.Sprintf("AWS_REGION is %s, the pool's id says %s. The endpoint takes unsigned calls anyway; signed ones may fail.", e.Region, match[1]),
			"Set AWS_REGION="+match[1]+", or unset it.", "")
	default:
		e.found(Fault, "region", fmt.Sprintf("AWS_REGION is %s, the pool is in %s: every call goes to where the pool is not.", e.Region, match[1]),
			"Set AWS_REGION="+match[1]+", or unset it: the portal then takes it from the pool's id.", "")
		e.rest("calls would go to the wrong region")
		return false
	}
	return true
}

// rest says that nothing more was asked of the pool.
func (e *examination) rest(why string) {
	e.unseen("rest", "Nothing else was asked of the pool: "+why+".", "Mend that first, then run the doctor again.")
}
