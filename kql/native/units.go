package native

import "strings"

// unitScale is a unit's size in the base unit of its quantity.
type unitScale map[string]float64

// units holds the units of convert_angle, convert_length, …; names are those of
// the language reference in lower case. Factors are the international
// definitions (BIPM, NIST SP 811).
var units = map[string]unitScale{
	"angle": {"arcminute": 1.0 / 60, "arcsecond": 1.0 / 3600, "centiradian": 0.5729577951308232, "deciradian": 5.729577951308232, "degree": 1,
		"gradian": 0.9, "microdegree": 1e-6, "microradian": 5.729577951308232e-5, "millidegree": 1e-3, "milliradian": 0.05729577951308232,
		"nanodegree": 1e-9, "nanoradian": 5.729577951308232e-8, "natomil": 0.05625, "radian": 57.29577951308232, "revolution": 360, "tilt": 57.29577951308232},
	"length": {"angstrom": 1e-10, "astronomicalunit": 149597870700, "centimeter": 0.01, "chain": 20.1168, "datamile": 1828.8, "decameter": 10, "decimeter": 0.1,
		"fathom": 1.8288, "foot": 0.3048, "hand": 0.1016, "hectometer": 100, "inch": 0.0254, "kilofoot": 304.8, "kilolightyear": 9.4607304725808e18,
		"kilometer": 1000, "kiloparsec": 3.085677581491367e19, "kiloyard": 914.4, "lightyear": 9.4607304725808e15, "meter": 1, "microinch": 2.54e-8,
		"micrometer": 1e-6, "mil": 2.54e-5, "mile": 1609.344, "millimeter": 1e-3, "nanometer": 1e-9, "nauticalmile": 1852, "parsec": 3.085677581491367e16,
		"picometer": 1e-12, "shackle": 27.432, "solarradius": 6.95700e8, "twip": 1.7638888888888888e-5, "ussurveyfoot": 1200.0 / 3937, "yard": 0.9144},
	"speed": {"centimeterperhour": 1.0 / 360000, "centimeterperminute": 1.0 / 6000, "centimeterpersecond": 0.01, "decimeterpersecond": 0.1,
		"footperhour": 0.3048 / 3600, "footperminute": 0.3048 / 60, "footpersecond": 0.3048, "inchperhour": 0.0254 / 3600, "inchperminute": 0.0254 / 60,
		"inchpersecond": 0.0254, "kilometerperhour": 1 / 3.6, "kilometerperminute": 1000.0 / 60, "kilometerpersecond": 1000, "knot": 1852.0 / 3600,
		"mach": 340.29, "meterperhour": 1.0 / 3600, "meterperminute": 1.0 / 60, "meterpersecond": 1, "micrometerpersecond": 1e-6, "mileperhour": 0.44704,
		"millimeterpersecond": 1e-3, "nanometerpersecond": 1e-9, "yardperhour": 0.9144 / 3600, "yardperminute": 0.9144 / 60, "yardpersecond": 0.9144},
	"mass": {"centigram": 1e-5, "decagram": 0.01, "decigram": 1e-4, "earthmass": 5.9722e24, "grain": 6.479891e-5, "gram": 1e-3, "hectogram": 0.1,
		"kilogram": 1, "kilopound": 453.59237, "kilotonne": 1e6, "longhundredweight": 50.80234544, "longton": 1016.0469088, "megapound": 453592.37,
		"megatonne": 1e9, "microgram": 1e-9, "milligram": 1e-6, "nanogram": 1e-12, "ounce": 0.028349523125, "pound": 0.45359237,
		"shorthundredweight": 45.359237, "shortton": 907.18474, "slug": 14.593902937206364, "solarmass": 1.98892e30, "stone": 6.35029318, "tonne": 1000},
	"energy": {"britishthermalunit": 1055.05585262, "calorie": 4.184, "electronvolt": 1.602176634e-19, "erg": 1e-7, "footpound": 1.3558179483314004,
		"gigajoule": 1e9, "gigawatthour": 3.6e12, "horsepowerhour": 2684519.5376961729, "joule": 1, "kilocalorie": 4184, "kilojoule": 1000,
		"kilowatthour": 3.6e6, "megajoule": 1e6, "megawatthour": 3.6e9, "millijoule": 1e-3, "watthour": 3600},
	"force": {"decanewton": 10, "dyn": 1e-5, "kilogramforce": 9.80665, "kilonewton": 1000, "kilopond": 9.80665, "meganewton": 1e6, "micronewton": 1e-6,
		"millinewton": 1e-3, "newton": 1, "ounceforce": 0.27801385095378125, "poundal": 0.138254954376, "poundforce": 4.4482216152605, "tonneforce": 9806.65},
	"volume": {"centiliter": 1e-5, "cubiccentimeter": 1e-6, "cubicdecimeter": 1e-3, "cubicfoot": 0.028316846592, "cubicinch": 1.6387064e-5,
		"cubickilometer": 1e9, "cubicmeter": 1, "cubicmillimeter": 1e-9, "cubicyard": 0.764554857984, "deciliter": 1e-4, "hectoliter": 0.1,
		"imperialgallon": 0.00454609, "imperialounce": 2.84130625e-5, "liter": 1e-3, "microliter": 1e-9, "milliliter": 1e-6, "oilbarrel": 0.158987294928,
		"usgallon": 0.003785411784, "usounce": 2.95735295625e-5, "uspint": 4.73176473e-4, "usquart": 9.46352946e-4, "ustablespoon": 1.478676478125e-5, "usteaspoon": 4.92892159375e-6},
}

func convertUnit(a []any) any {
	v, ok := a[0].(float64)
	if !ok {
		return nil
	}
	quantity, from, to := str(a[3]), strings.ToLower(str(a[1])), strings.ToLower(str(a[2]))
	if quantity == "temperature" {
		return convertTemperature(v, from, to)
	}
	f, ok := units[quantity][from]
	t, ok2 := units[quantity][to]
	if !ok || !ok2 {
		return nil
	}
	return v * f / t
}

// temperatures are slope and offset to kelvin: K = v*slope + offset.
var temperatures = map[string][2]float64{
	"kelvin": {1, 0}, "degreecelsius": {1, 273.15}, "degreefahrenheit": {5.0 / 9, 459.67 * 5 / 9}, "degreerankine": {5.0 / 9, 0},
	"degreedelisle": {-2.0 / 3, 373.15}, "degreenewton": {100.0 / 33, 273.15}, "degreereaumur": {1.25, 273.15},
	"degreeroemer": {40.0 / 21, 273.15 - 7.5*40/21}, "millidegreecelsius": {1e-3, 273.15}, "solartemperature": {5778, 0},
}

func convertTemperature(v float64, from, to string) any {
	f, ok := temperatures[from]
	t, ok2 := temperatures[to]
	if !ok || !ok2 {
		return nil
	}
	return (v*f[0] + f[1] - t[1]) / t[0]
}
