namespace BillingApi;

/// <summary>Where to ask, and as whom.</summary>
/// <param name="Tokenry">Tokenry's address.</param>
/// <param name="KeyFile">The API's own API key; its application is the API resource's <c>resource_servers</c>, and may ask about that API alone.</param>
/// <param name="Address">This API as its clients know it: what their proofs must be for. Never taken from a request, which says what its sender likes.</param>
internal sealed record DoorSettings(Uri Tokenry, string KeyFile, Uri Address);
