package userpool

// operations is every operation that this pool serves. An operation that is not here is unknown to it, as in the
// service itself: UnknownOperationException.
var operations = map[string]operation{
	// Authorized by what is in the body.
	"AssociateSoftwareToken": {run: associateSoftwareToken, category: categoryUserUpdate},
	"GetUser":                {run: getUser, category: categoryUserRead},
	"GlobalSignOut":          {run: globalSignOut, category: categoryUserToken},
	"InitiateAuth":           {run: initiateAuth, category: categoryUserAuthentication},
	"RespondToAuthChallenge": {run: respondToAuthChallenge, category: categoryChallengeResponse},
	"RevokeToken":            {run: revokeToken, category: categoryUserToken},
	"SetUserMFAPreference":   {run: setUserMFAPreference, category: categoryUserUpdate},
	"VerifySoftwareToken":    {run: verifySoftwareToken, category: categoryUserUpdate},
}
