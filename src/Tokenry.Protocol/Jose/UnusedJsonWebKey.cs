namespace Tokenry.Protocol.Jose;

/// <summary>A member of a JWK Set that a <see cref="JsonWebKeySet"/> does not use.</summary>
/// <param name="Position">Its position in the list, from 0.</param>
/// <param name="KeyId">Its <c>kid</c>, as the publisher wrote it; null if it has no readable one.</param>
/// <param name="Reason">Why, for a person; the text continues "keys[0] ".</param>
public sealed record UnusedJsonWebKey(int Position, string? KeyId, string Reason);
