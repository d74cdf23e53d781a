package userpool

// adminGetDevice shows one device of a user.
func adminGetDevice(c *call, u *user) (object, error) {
	d, err := u.confirmedDevice(c.input.text("DeviceKey"))
	if err != nil {
		return nil, err
	}
	return object{"Device": d.describe()}, nil
}
