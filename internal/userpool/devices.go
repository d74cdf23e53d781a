package userpool

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"slices"
	"time"
)

// device is a device of a user, offered with the tokens and remembered once the client has confirmed it. A remembered
// one signs in by its own SRP exchange instead of a second factor.
type device struct {
	key, group, name string
	confirmed        bool
	remembered       bool
	salt             []byte
	verifier         *big.Int
	created, used    time.Time
}

// maxOffers bounds the offers that nobody confirmed.
const maxOffers = 20

func (u *user) device(key string) *device {
	for _, d := range u.devices {
		if d.key == key {
			return d
		}
	}
	return nil
}

func (u *user) hasConfirmed(key string) bool {
	d := u.device(key)
	return d != nil && d.confirmed
}

// knownDevice finds the device of a key if it can stand for a second factor.
func (u *user) knownDevice(key string) *device {
	if d := u.device(key); key != "" && d != nil && d.confirmed && d.remembered {
		return d
	}
	return nil
}

// offerDevice adds NewDeviceMetadata to the tokens, where the pool tracks devices and this is not one already.
func (c *call) offerDevice(g *grant, result object) error {
	u := g.user
	if !u.pool.devices || g.scopes[0] != adminScope {
		return nil
	}
	if d := u.knownDevice(g.deviceKey); d != nil {
		d.used = c.now
		return nil
	}
	id, err := c.p.uuid()
	if err != nil {
		return err
	}
	suffix, err := c.p.text(alphabetMixed, 9)
	if err != nil {
		return err
	}
	d := &device{key: c.p.region + "_" + id, group: "-" + suffix, created: c.now, used: c.now}
	u.devices = append(slices.Clone(u.devices), d)
	if offers := slices.IndexFunc(u.devices, func(d *device) bool { return !d.confirmed }); len(u.devices) > maxOffers && offers >= 0 {
		u.devices = slices.Delete(u.devices, offers, offers+1)
	}
	g.deviceKey = d.key
	result["NewDeviceMetadata"] = object{"DeviceKey": d.key, "DeviceGroupKey": d.group}
	return nil
}

// describe is a device as the operations show it.
func (d *device) describe() object {
	status := "not_remembered"
	if d.remembered {
		status = "remembered"
	}
	return object{
		"DeviceKey": d.key, "DeviceAttributes": []object{
			{"Name": "device_status", "Value": status}, {"Name": "device_name", "Value": d.name},
		},
		"DeviceCreateDate": epoch(d.created), "DeviceLastModifiedDate": epoch(d.used), "DeviceLastAuthenticatedDate": epoch(d.used),
	}
}

// confirmedDevice finds a device that the user has confirmed.
func (u *user) confirmedDevice(key string) (*device, error) {
	if !u.pool.devices {
		return nil, noTracking()
	}
	if d := u.device(key); d != nil && d.confirmed {
		return d, nil
	}
	return nil, resourceNotFound("Device does not exist.")
}

func noTracking() *exception {
	return invalidParameter("Device tracking not currently enabled for this pool.")
}

func (c *call) listDevices(u *user) (object, error) {
	if !u.pool.devices {
		return nil, noTracking()
	}
	all := []object{}
	for _, d := range u.devices {
		if d.confirmed {
			all = append(all, d.describe())
		}
	}
	return c.page("Devices", all, "Limit", "PaginationToken")
}

func (u *user) forgetDevice(key string) (object, error) {
	d, err := u.confirmedDevice(key)
	if err != nil {
		return nil, err
	}
	u.devices = slices.DeleteFunc(slices.Clone(u.devices), func(other *device) bool { return other == d })
	return object{}, nil
}

func (u *user) rememberDevice(input object) (object, error) {
	d, err := u.confirmedDevice(input.text("DeviceKey"))
	if err != nil {
		return nil, err
	}
	if input.has("DeviceRememberedStatus") {
		d.remembered = input.text("DeviceRememberedStatus") == "remembered"
	}
	return object{}, nil
}

// answerDeviceSRP is DEVICE_SRP_AUTH: the same exchange as for a password, with the device in place of the user.
func answerDeviceSRP(c *call, s *session, responses object) (object, error) {
	for _, name := range []string{"DEVICE_KEY", "SRP_A"} {
		if responses.text(name) == "" {
			return nil, missing(name)
		}
	}
	d := s.user.knownDevice(responses.text("DEVICE_KEY"))
	if d == nil || d.key != s.signIn.deviceKey {
		return nil, resourceNotFound("Device does not exist.")
	}
	a, fault := parseSRPA(responses.text("SRP_A"))
	if fault != nil {
		return nil, fault
	}
	secret, err := c.p.random(srpSecretLen)
	if err != nil {
		return nil, err
	}
	next := &session{
		client: s.client, user: s.user, signIn: s.signIn, challenge: "DEVICE_PASSWORD_VERIFIER", device: d,
		srp: newSRP(d.salt, d.verifier, a, secret),
	}
	block, err := c.p.issueBlock(next, c.now)
	if err != nil {
		return nil, err
	}
	s.fate = fateSpent
	return object{"ChallengeName": next.challenge, "ChallengeParameters": object{
		"SALT": hex.EncodeToString(d.salt), "SRP_B": srpHex(next.srp.public), "SECRET_BLOCK": block, "DEVICE_KEY": d.key, "USERNAME": s.user.name,
	}}, nil
}

// answerDeviceVerifier is DEVICE_PASSWORD_VERIFIER, after which no second factor is asked.
func answerDeviceVerifier(c *call, cl *client, responses object) (object, error) {
	claimed, fault := readClaim(responses)
	if fault != nil {
		return nil, fault
	}
	s := c.p.openBlock(claimed.block, cl, "DEVICE_PASSWORD_VERIFIER", c.now)
	if s == nil || cl.pool.find(responses.text("USERNAME")) != s.user || responses.text("DEVICE_KEY") != s.device.key ||
		s.user.knownDevice(s.device.key) != s.device {
		return nil, notAuthorized(wrongPassword)
	}
	if fault := cl.checkHash(responses.text("SECRET_HASH"), s.user.name); fault != nil {
		return nil, fault
	}
	if err := c.mayTry(s.user); err != nil {
		return nil, err
	}
	ok, err := c.provesSRP(s, claimed, s.device.group, s.device.key)
	if err != nil {
		return nil, err
	}
	if !ok {
		s.user.lock.fail(c.now)
		return nil, notAuthorized(wrongPassword)
	}
	s.fate = fateSpent
	return c.signedIn(s.signIn, s.user)
}

// confirm takes the device's password verifier from the client.
func (d *device) confirm(input object, remembered bool) error {
	config := input.object("DeviceSecretVerifierConfig")
	salt, saltErr := base64.StdEncoding.DecodeString(config.text("Salt"))
	verifier, verifierErr := base64.StdEncoding.DecodeString(config.text("PasswordVerifier"))
	v := new(big.Int).SetBytes(verifier)
	if saltErr != nil || verifierErr != nil || len(salt) == 0 || len(salt) > 64 || v.Sign() == 0 || v.Cmp(srpPrime) >= 0 {
		return invalidParameter("Invalid device secret verifier given.")
	}
	d.salt, d.verifier, d.confirmed, d.remembered = salt, v, true, remembered
	if input.has("DeviceName") {
		d.name = input.text("DeviceName")
	}
	return nil
}
