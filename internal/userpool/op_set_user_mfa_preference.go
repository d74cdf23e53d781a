package userpool

// setUserMFAPreference sets which factors a user is asked for, and which first.
func setUserMFAPreference(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	return object{}, c.setPreference(g.user)
}

// preferenceMembers are the factors in the order in which the service checks them.
var preferenceMembers = []struct {
	member string
	factor factor
}{
	{"SMSMfaSettings", factorSMS}, {"SoftwareTokenMfaSettings", factorTOTP}, {"EmailMfaSettings", factorEmail},
}

// setPreference checks all the settings before it applies any. A factor that is not mentioned keeps its setting; in one
// that is, a member that is not sent counts as false, which is how SDKs send false.
func (c *call) setPreference(u *user) error {
	preferred := 0
	for _, p := range preferenceMembers {
		if !c.input.has(p.member) {
			continue
		}
		settings := c.input.object(p.member)
		if err := u.mayPrefer(p.factor, settings.truth("Enabled")); err != nil {
			return err
		}
		if settings.truth("PreferredMfa") {
			preferred++
			if !settings.truth("Enabled") {
				return invalidParameter("Preferred MFA must be enabled")
			}
		}
	}
	if preferred > 1 {
		return invalidParameter("Only one MFA method can be preferred")
	}
	for _, p := range preferenceMembers {
		if !c.input.has(p.member) {
			continue
		}
		settings := c.input.object(p.member)
		u.enable(p.factor, settings.truth("Enabled"))
		switch {
		case settings.truth("PreferredMfa"):
			u.preferred = p.factor
		case u.preferred == p.factor:
			u.preferred = ""
		}
	}
	u.modified = c.now
	return nil
}

// mayPrefer refuses a factor that the user cannot use. SMS settings fail for a user without a phone even when they
// switch SMS off (amplify-js#618, #5766, #8574).
func (u *user) mayPrefer(f factor, on bool) error {
	switch {
	case f == factorSMS && u.attribute("phone_number") == "":
		return invalidParameter("User does not have a phone_number set to turn on SMS MFA")
	case f == factorTOTP && on && !u.registration.exists():
		return invalidParameter("User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")
	case f == factorEmail && on && !u.pool.email:
		return invalidParameter("User pool does not have email MFA configured")
	case f == factorEmail && on && u.attribute("email") == "":
		return invalidParameter("User does not have an email set to turn on EMAIL MFA")
	}
	return nil
}
