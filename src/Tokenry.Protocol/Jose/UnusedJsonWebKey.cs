namespace Tokenry.Protocol.Jose;

/// <summary>A member of a JWK Set that a <see cref="JsonWebKeySet"/> left out.</summary>
/// <param name="Position">Its place in the list, from 0.</param>
/// <param name="KeyId">Its <c>kid</c>, as the publisher wrote it; null where it has none that can be read.</param>
/// <param name="Reason">Why, for a person; it goes on after "keys[0] ".</param>
public sealed record UnusedJsonWebKey(int Position, string? KeyId, string Reason);
