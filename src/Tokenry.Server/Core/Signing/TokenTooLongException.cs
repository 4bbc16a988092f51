using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Signing;

/// <summary>An access token would be longer than <see cref="CompactJws.MaxLength"/>: doors would refuse it, and headers could not carry it.</summary>
public sealed class TokenTooLongException() : Exception($"The token would be longer than {CompactJws.MaxLength} bytes.");
