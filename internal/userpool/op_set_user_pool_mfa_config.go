package userpool

// setUserPoolMFAConfig replaces what the pool offers. Apps that are registered go on working when the pool stops to
// offer them.
func setUserPoolMFAConfig(c *call) (object, error) {
	up, err := c.userPool()
	if err != nil {
		return nil, err
	}
	totp := c.input.object("SoftwareTokenMfaConfiguration").truth("Enabled")
	sms, email := c.input.has("SmsMfaConfiguration"), c.input.has("EmailMfaConfiguration")
	mfa := MFA(c.input.text("MfaConfiguration"))
	if mfa == "" {
		mfa = MFAOff
	}
	switch factors := totp || sms || email; {
	case mfa == MFAOff && factors:
		return nil, invalidParameter("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
	case mfa != MFAOff && !factors:
		return nil, invalidParameter("Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration.")
	}
	up.mfa, up.totp, up.sms, up.email, up.modified = mfa, totp, sms, email, c.now
	return up.describeMFAConfig(), nil
}
