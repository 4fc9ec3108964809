@auth user pencil
@nonce rOprNGfwEbeRWgbNEkqO
@auth-in-clear
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH SCRAM-SHA-256
E: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
P: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=
E: Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==
P: 334 dj11QVBuY0ZxL084NzhWUjl1ckJieDJ5aHBCMGkybHV2T242T3c4Szl0VzZjPQ==
E: [failed temp host auth 4.7.0 ours "454 4.7.0 the host did not prove that it knows the password"]
E: [close]
