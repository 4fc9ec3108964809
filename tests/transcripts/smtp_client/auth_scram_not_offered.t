# RFC 5802 6: the host is told that -PLUS would have been used.
@policy implicit
@auth user pencil
@nonce rOprNGfwEbeRWgbNEkqO
E: [tls]
@tls plus
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH SCRAM-SHA-256
E: AUTH SCRAM-SHA-256 eSwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
P: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=
E: Yz1lU3dzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1Gb3FpSFR0UUVERThsejFDZGFFZTN0SzRtUytpTURUbDc3U1B5RFM1M0RZPQ==
P: 334 dj1kSTRLcGlRSndCcjErVitLNlUxZEE2bDZJNEk5RFVOWFdORDRwY3BSVTNVPQ==
E: 
P: 235 2.7.0 Welcome
E: [up]
