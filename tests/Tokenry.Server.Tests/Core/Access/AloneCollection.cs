namespace Tokenry.Server.Tests.Core.Access;

/// <summary>Tests that count what one change of rights does to a whole store: no other test changes rights meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
