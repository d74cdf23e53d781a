package userpool

// getUserAuthFactors tells what the user can sign in with.
func getUserAuthFactors(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	output := object{"Username": g.user.name, "ConfiguredUserAuthFactors": g.user.firstFactors()}
	g.user.describeMFA(output)
	return output, nil
}

// firstFactors are the ways in which a user can begin to sign in. One-time codes are none where MFA is required.
func (u *user) firstFactors() []string {
	all := []string{}
	if u.password.set {
		all = append(all, "PASSWORD")
	}
	if u.pool.mfa == MFAOn {
		return all
	}
	if u.pool.email && u.attribute("email_verified") == "true" {
		all = append(all, "EMAIL_OTP")
	}
	if u.pool.sms && u.attribute("phone_number_verified") == "true" {
		all = append(all, "SMS_OTP")
	}
	return all
}
