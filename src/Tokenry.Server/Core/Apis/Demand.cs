namespace Tokenry.Server.Core.Apis;

/// <summary>The scope that an operation requires, or a weaker scope that gives access to the caller's own objects only.</summary>
public readonly record struct Demand(string Scope, string? OwnScope = null)
{
    /// <summary>The scope that gives a credential that acts in an organization access to the objects of that organization; <c>null</c> = none does.</summary>
    public string? OrganizationScope { get; init; }

    /// <summary>A scope that opens the objects of this one kind, where <see cref="Scope"/> opens those of others too; <c>null</c> = there is none.</summary>
    public string? NarrowScope { get; init; }
}
