using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Signing;

/// <summary>An access token would be longer than <see cref="CompactJws.MaxLength"/>, so that no door could read it and no header carry it.</summary>
public sealed class TokenTooLongException() : Exception($"The token would be longer than {CompactJws.MaxLength} bytes.");
