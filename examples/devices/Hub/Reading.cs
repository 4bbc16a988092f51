namespace Hub;

/// <summary>What a device reports.</summary>
/// <param name="Degrees">As it measured, in degrees Celsius.</param>
internal sealed record Reading(decimal Degrees);
