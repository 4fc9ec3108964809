# Not after the proof: it would be the same one.
@policy implicit
@auth user pencil
@nonce rOprNGfwEbeRWgbNEkqO
E: [tls]
@tls plus
P: 220 mx
E: EHLO mx.example.org
P: 250-mx
P: 250 AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS
E: AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49dXNlcixyPXJPcHJOR2Z3RWJlUldnYk5Fa3FP
P: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=
E: Yz1jRDEwYkhNdFpYaHdiM0owWlhJc0xHSnBibVJwYm1jPSxyPXJPcHJOR2Z3RWJlUldnYk5Fa3FPJWh2WURwV1VhMlJhVENBZnV4RklsailoTmxGJGswLHA9dmxhVkNhWi80dEVNdnZoWENxRkJydzNtajZHSVl3MUd0SW9BUGdiK01sZz0=
P: 535 5.7.8 No
E: QUIT
E: [failed temp host auth 5.7.8 "535 5.7.8 No"]
