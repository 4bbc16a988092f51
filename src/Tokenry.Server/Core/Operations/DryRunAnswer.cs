using Tokenry.Protocol.Api;

namespace Tokenry.Server.Core.Operations;

/// <summary>Ends a dry run: nothing was changed, and this is what would have come of it.</summary>
public sealed class DryRunAnswer(RightsEffect effect) : Exception("A dry run ends here.")
{
    public RightsEffect Effect => effect;
}
