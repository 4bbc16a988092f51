namespace Tokenry.Server.Core.Apis;

/// <summary>What an operation asks of its caller: a management scope, or a weaker one that opens only what is the caller's own.</summary>
public readonly record struct Demand(string Scope, string? OwnScope = null);
