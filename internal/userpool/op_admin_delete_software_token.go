package userpool

// adminDeleteSoftwareToken removes the registration and its preference: the way back for who lost the phone (API
// reference, AdminDeleteSoftwareToken, August 2026). Sessions and tokens live on.
func adminDeleteSoftwareToken(c *call, u *user) (object, error) {
	if c.p.switches.NoDeleteSoftwareToken {
		return nil, unknownOperation()
	}
	if u.status == statusUnconfirmed {
		return nil, userNotConfirmed()
	}
	if !u.registration.exists() {
		return nil, resourceNotFound("The user does not have a software token.")
	}
	u.dropTOTP()
	u.pending = pendingKey{}
	u.endSetup()
	u.modified = c.now
	return object{}, nil
}
